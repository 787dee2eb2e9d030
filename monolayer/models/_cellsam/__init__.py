"""The parts of CellSAM: see monolayer/models/cellsam.py."""
