"""Make images and put them into a bucket, each with a JSON file that says how it was made.

pip install ideogram-ai s3fs
IDEOGRAM_API_KEY=... python upload_to_s3.py s3://my-bucket/cats "A photo of a cat"

The id of the job is printed before anything can go wrong: `--job ID` instead of a prompt continues, and pays nothing.
Any URL that fsspec knows works, for example gs://, with its package. A folder of this machine has to exist.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import fsspec

from ideogram_ai.client import Ideogram, IdeogramError, save_sidecar


def upload(client: Ideogram, job_id: str, folder: str) -> list[str]:
    """Wait for a job, and upload its images. It can be called again."""
    files, root = fsspec.core.url_to_fs(folder)
    generation = client.wait(job_id)
    uploaded: list[str] = []
    with TemporaryDirectory() as scratch:
        for number, image in enumerate(generation.images):
            if image.withheld:
                print(f"image {number} was withheld by the safety check", file=sys.stderr)
                continue
            path = client.download(image, Path(scratch) / f"{job_id}-{number}.png")
            for each in (path, save_sidecar(generation, image, path)):
                files.put_file(str(each), f"{root}/{each.name}")
            uploaded.append(f"{folder.rstrip('/')}/{path.name}")
    return uploaded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="for example s3://my-bucket/cats")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("prompt", nargs="?")
    what.add_argument("--job", metavar="ID", help="a job that was submitted before")
    options = parser.parse_args()
    with Ideogram() as client:
        try:
            job_id = options.job or client.submit(text_prompt=options.prompt, rendering_speed="TURBO").id
        except IdeogramError as error:
            sys.exit(f"error: {error}")
        print(f"job {job_id}", file=sys.stderr, flush=True)
        for url in upload(client, job_id, options.folder):
            print(url)


if __name__ == "__main__":
    main()
