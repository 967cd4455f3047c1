"""What the accounts of a sandbox's tenant are called."""

import httpx

from deployments.sandbox_process import Sandbox


def account_numbers(sandbox: Sandbox) -> list[str]:
    """Of the first page of them, in Gentrack's order."""
    gentrack = sandbox.gentrack
    with httpx.Client(base_url=f"{gentrack.url}/v1") as client:
        secret = gentrack.app_secret.get_secret_value()
        token = client.post("/token", auth=(gentrack.app_id, secret)).json()["accessToken"]
        client.headers["Authorization"] = f"Bearer {token}"
        return [account["number"] for account in client.get("/junifer/accounts").json()["results"]]
