"""Tests of CellSAM run on one thread, and draw the same numbers each time."""

import pytest
import torch


@pytest.fixture(autouse=True)
def seeded():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)
