"""Request fields as type checkers see them. Lines that end in `# error: ...` must be refused, all others accepted."""

import httpx

from ideogram_ai.client import Ideogram, RetryPolicy
from ideogram_ai.generated.models.rendering_speed_v4 import RenderingSpeedV4
from ideogram_ai.generated.models.resolution_v4 import ResolutionV4
from ideogram_ai.generated.operations import PostGenerateImageV4Fields

client = Ideogram(api_key=None, base_url=None, timeout=5, retry=RetryPolicy(max_attempts=1))
size: ResolutionV4 = "512x1536"
speed: RenderingSpeedV4 = "FLASH"
settings: PostGenerateImageV4Fields = {"resolution": "2048x2048", "enable_copyright_detection": True}

client.generate(text_prompt="a", resolution="2048x2048", rendering_speed="TURBO", enable_copyright_detection=False)
client.generate(text_prompt="a", resolution=size, rendering_speed=speed)
client.generate(text_prompt="a", resolution=None, rendering_speed=None, enable_copyright_detection=None)
client.generate(json_prompt={}, resolution="2048x2048", rendering_speed="QUALITY")
client.generate(text_prompt="a", **settings)
client.generate(text_prompt="a", extra_fields={"no_such_field": 7, "resolution": "2049x2049"})
client.generate(text_prompt="a", timeout=30)
client.generate(text_prompt="a", timeout=httpx.Timeout(30))

client.generate(text_prompt="a", resolution="2049x2048")  # error: no such size
client.generate(text_prompt="a", resolution="")  # error: no such size
client.generate(text_prompt="a", resolution=2048)  # error: not text
client.generate(text_prompt="a", rendering_speed="turbo")  # error: no such speed
client.generate(text_prompt="a", enable_copyright_detection="true")  # error: no boolean
client.generate(text_prompt="a", resolutoin="2048x2048")  # error: misspelt
client.generate(json_prompt={}, rendering_sped="TURBO")  # error: misspelt
client.generate(prompt="a")  # error: a name of version 3
client.generate(text_prompt="a", no_such_field=7)  # error: not in the public contract
client.generate(text_prompt="a", num_images=2)  # error: a name of version 3
client.generate(text_prompt="a", extra_fields=[("no_such_field", 7)])  # error: no mapping
client.generate(text_prompt="a", extra_fields={7: "no_such_field"})  # error: names are text
client.generate(text_prompt="a", timeout="30")  # error: no number
wrong: PostGenerateImageV4Fields = {"resolution": "1x1"}  # error: no such size
size = "1x1"  # error: no such size


def computed(width: int) -> None:
    """A size that was put together at run time goes through extra_fields or a narrowed type."""
    client.generate(text_prompt="a", resolution=f"{width}x1024")  # error: any text
