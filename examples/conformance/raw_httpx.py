"""A client written in a few minutes with httpx, to see what it misses."""

import json
import os
from pathlib import Path
from typing import Any

import httpx

request: dict[str, Any] = json.loads(os.environ["IDEOGRAM_REQUEST"])
key = {"Api-Key": os.environ["IDEOGRAM_API_KEY"]}
url = os.environ["IDEOGRAM_BASE_URL"] + "/v1/ideogram-v4/generate"
form = {
    name: (None, json.dumps(value), "application/json") if isinstance(value, dict) else (None, str(value))
    for name, value in request.items()
}
path = Path(os.environ["IDEOGRAM_OUTPUT_DIR"]) / "image.png"

try:
    response = httpx.post(url, headers=key, files=form, timeout=20)
except httpx.HTTPError:
    print(json.dumps({"outcome": "unknown"}))
else:
    if response.status_code != 200:
        print(json.dumps({"outcome": "refused", "status": response.status_code}))
    else:
        image = response.json()["data"][0]
        path.write_bytes(httpx.get(image["url"]).content)
        print(json.dumps({"outcome": "image", "status": 200, "image": str(path)}))
