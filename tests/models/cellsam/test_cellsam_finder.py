"""CellSAM's detector: attention, matching and losses against naive ones."""

import itertools

import numpy as np
import pytest
import torch

from monolayer.models.cellsam.finder import Found
from monolayer.models.cellsam.matching import ALPHA, BOX_WEIGHTS, box_terms, costs_of, match
from monolayer.models.cellsam.neighbourhood import BLOCK, REACH, Neighbourhood


def test_a_query_attends_to_its_neighbours_alone():
    height, width, patterns, others, channels = 11, 9, 2, 3, 8
    attention = Neighbourhood(channels, heads=2)
    queries = torch.randn(2, height, width, patterns, channels)
    around = torch.randn(2, height, width, others, channels)
    with torch.no_grad():
        seen = attention(queries, around)
        asked = attention.query(queries).unflatten(-1, (2, -1))
        key, value = attention.key_value(around).chunk(2, dim=-1)
        empty = attention.key_value.bias  # of what is beyond the grid: zeros of keys and values
        assert empty is not None
        for image, row, column in itertools.product(range(2), (0, 5, 10), (0, 4, 8)):
            scores, values = [], []
            for down, right in itertools.product(range(-REACH, REACH + 1), repeat=2):
                place = attention.position_bias[:, down + REACH, right + REACH]  # (heads,)
                inside = 0 <= row + down < height and 0 <= column + right < width
                for other in range(others):
                    at = image, row + down, column + right, other
                    own_key = key[at] if inside else torch.zeros(channels)
                    own_value = value[at] if inside else torch.zeros(channels)
                    split = own_key.unflatten(0, (2, -1))
                    scores.append((asked[image, row, column] * split).sum(-1) / 2 + place)  # sqrt(4) = 2
                    values.append(own_value.unflatten(0, (2, -1)))
            weights = torch.stack(scores).softmax(dim=0)  # (K, P, heads)
            mixed = torch.einsum("kph,khc->phc", weights, torch.stack(values)).flatten(1)
            torch.testing.assert_close(seen[image, row, column], attention.out(mixed), atol=1e-5, rtol=1e-4)
    assert (height % BLOCK, width % BLOCK) == (3, 1)  # the last squares are not whole


def test_each_cell_is_given_the_queries_that_cost_least_together():
    logits = torch.randn(6)
    corner = 20 * torch.rand(6, 2)
    boxes = torch.cat([corner, corner + 5 + 10 * torch.rand(6, 2)], dim=1)
    true = boxes[torch.tensor([4, 2, 0])] + torch.randn(3, 4)
    costs = costs_of(logits, boxes, true)
    cheapest = min(
        itertools.permutations(range(6), 3), key=lambda own: sum(costs[own[n], n].item() for n in range(3))
    )
    pairs = match(logits, boxes, true)
    assert sorted(zip(pairs.cell.tolist(), pairs.query.tolist(), strict=True)) == list(enumerate(cheapest))


def test_with_fewer_queries_than_cells_some_cells_get_none():
    pairs = match(torch.zeros(1), torch.tensor([[0.0, 0.0, 9.0, 9.0]]), 5 * torch.eye(4)[:3] + 6)
    assert pairs.query.tolist() == [0]


def test_terms_of_boxes_by_hand():
    exact, off = [0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 5.0]
    logits = torch.zeros(2, 1, 2)  # two layers, one image, two queries: a probability of a half each
    boxes = torch.tensor([[[exact, [50.0, 50.0, 60.0, 60.0]]], [[off, [50.0, 50.0, 60.0, 60.0]]]])
    terms = box_terms(Found(logits, boxes), [torch.tensor([exact])])
    focal = np.log(2) * 0.25  # of one query: the error is a half, squared
    assert terms["score"].item() == pytest.approx(ALPHA * focal + (1 - ALPHA) * focal)
    assert terms["edges"].item() == pytest.approx((0 + 5 / 4 / 10) / 2)
    assert terms["giou"].item() == pytest.approx((0 + 0.5) / 2, abs=1e-4)
    assert set(terms) == set(BOX_WEIGHTS)


def test_an_image_without_cells_teaches_that_there_are_none():
    terms = box_terms(Found(torch.zeros(1, 1, 3), torch.rand(1, 1, 3, 4)), [torch.zeros(0, 4)])
    assert terms["score"] > 0
    assert terms["edges"] == terms["giou"] == 0
