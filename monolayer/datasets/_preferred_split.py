"""The split that an image prefers, which its name and the seed tell, whatever other images there are."""

import hashlib
import math
import re

_ONE = 1 << 64
_GOLDEN = (math.isqrt(5 << 128) - _ONE) // 2


def preferred_split(name: str, val: float, test: float, seed: int) -> int:
    """Return the number of the split that a name prefers: 0 for train, 1 for val, 2 for test.

    The last number in a name turns a wheel of circumference 1 by the fraction q of val and test together,
    and the name is one of theirs where the wheel passes its zero: of n consecutive numbers, n q rounded up
    or down (a Sturmian word). The turns that the wheel has made choose between val and test in the same way.
    The numbers before the last one turn it by the golden ratio and by square roots, which come nearest to
    no fraction, and the rest of the name and the seed decide where it begins.

    >>> [preferred_split(f"a{number}", 0.15, 0.15, seed=0) for number in range(20)].count(0)
    14
    """
    held_out = val + test
    numbers = [int(number) for number in re.findall(r"[0-9]+", name)[::-1]]
    steps = [round(held_out * _ONE), _GOLDEN, *(math.isqrt(root << 128) for root in (2, 3, 7, 11, 13))]
    place = hash_of(f"{seed} {pattern_of(name)}") + sum(
        number * steps[min(position, len(steps) - 1)] for position, number in enumerate(numbers)
    )
    turns, rest = divmod(place, _ONE)
    if rest >= steps[0]:
        return 0
    of_val = round(val / held_out * _ONE)
    return 1 if (hash_of(str(seed)) + turns * of_val) % _ONE < of_val else 2


def pattern_of(name: str) -> str:
    """Return a name without its numbers: names of one pattern take turns."""
    return re.sub("[0-9]+", "#", name)


def hash_of(text: str) -> int:
    """Return a number of 128 bits that is as good as random."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")
