"""Many images, resumable: a batch of requests at the speed of the service's limit.

    async for outcome in run_batch(requests, client=client, in_flight=10):
        ...

Needs the extra `batch`. Nothing of it is loaded before it is used.
"""
