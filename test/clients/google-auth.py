# What a program does that uses Google's library and is told nothing: run by metadata-server.test.ts.
import base64
import json

import google.auth
import google.auth.transport.requests
from google.auth import compute_engine

request = google.auth.transport.requests.Request()
credentials, project = google.auth.default()
credentials.refresh(request)
identity = compute_engine.IDTokenCredentials(request, "https://run.test", use_metadata_identity_endpoint=True)
identity.refresh(request)
payload = identity.token.split(".")[1]
claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
print(
    json.dumps(
        {
            "token": credentials.token,
            "project": project,
            "email": credentials.service_account_email,
            "audience": claims["aud"],
        }
    )
)
