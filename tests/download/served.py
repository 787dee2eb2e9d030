"""The file that the server has."""

import hashlib
import random

BODY = random.Random(0).randbytes(1_000_000)
DIGEST = hashlib.sha256(BODY).hexdigest()
