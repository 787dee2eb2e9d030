"""SHA-256 of archives on their official servers, which publish none themselves.

Only what two projects found independently of each other stands here: torch-em (its ``CTC_CHECKSUMS``) and a
published protocol of measurements, which downloaded and hashed the archives anew. LIVECell's are not known.
"""

_KNOWN = {
    "data.celltrackingchallenge.net/training-datasets/DIC-C2DH-HeLa.zip": (
        "832fed2d05bb7488cf9c51a2994b75f8f3f53b3c3098856211f2d39023c34e1a"  # 41,504,758 bytes
    ),
    "data.celltrackingchallenge.net/training-datasets/Fluo-N2DH-GOWT1.zip": (
        "1a7bd9a7d1d10c4122c7782427b437246fb69cc3322a975485c04e206f64fc2c"  # 59,331,035 bytes
    ),
    "data.celltrackingchallenge.net/training-datasets/Fluo-N2DH-SIM+.zip": (
        "3e809148c87ace80c72f563b56c35e0d9448dcdeb461a09c83f61e93f5e40ec8"  # 99,034,393 bytes
    ),
}


def known_sha256(url: str) -> str | None:
    """Return the digest of the file at a URL, by http or https, or None where it is not known."""
    return _KNOWN.get(url.partition("://")[2])
