"""The parts of CellSAM: see monolayer/models/cellsam/model.py."""
