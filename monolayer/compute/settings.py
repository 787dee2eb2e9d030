"""Where the work runs: what stands under ``compute:`` in params.yaml."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from monolayer.parameters import Number, Settings

Accelerator = Literal["auto", "cpu", "gpu"]
"""``auto`` takes a GPU where there is one."""

NumberFormat = Literal["32-true", "bf16-mixed", "16-mixed"]
"""Lightning's names: float32, or convolutions and products in 16 bits and the rest in float32."""

Precision = Literal["auto", NumberFormat]
"""``auto`` takes 16 bits on a GPU and float32 on a CPU."""


def _count_or_auto(value: object) -> object:
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        return value
    raise ValueError("expected auto or a whole number from 1 on")


class ComputeSettings(Settings):
    """Where the work over images runs, and where the nets do."""

    jobs: int = -1
    """Processes on this machine; -1 for one per core, 1 for none but our own. Results do not depend on it."""
    scheduler: str = "local"
    """``local``, or the address of a Dask scheduler: ``tcp://host:8786``. Results do not depend on it."""
    launcher: str = "python"
    """What starts the training: ``srun python``, ``torchrun --nproc-per-node 2``. dvc.yaml reads it."""
    checkpoint_seconds: Number = Field(default=120, ge=0)
    """A killed training loses no more than this: it goes on from its last checkpoint. Results do not depend
    on it."""
    resident_fraction: Number = Field(default=0.5, ge=0, le=1)
    """A GPU keeps the training images in its memory where they take no more than this fraction of it; else
    they stay on the disk, mapped into the host's memory. Results do not depend on it."""
    accelerator: Accelerator = "auto"
    """``auto`` takes a GPU where there is one."""
    devices: Annotated[int | Literal["auto"], BeforeValidator(_count_or_auto)] = "auto"
    """Training processes on each machine, a GPU for each; ``auto`` takes the most GPUs that share the model's
    batches evenly, or 1 on a CPU."""
    nodes: int = Field(default=1, ge=1)
    """Machines that train together."""
    precision: Precision = "auto"
    """Number format of the nets, by Lightning's names."""
    compile: Literal["default", "reduce-overhead", "max-autotune"] | None = None
    """Mode of ``torch.compile``: nets are translated first, and are faster then. None leaves them."""
    threads: int = Field(default=2, ge=1)
    """CPU threads of each process of the nets. Weights repeat bit for bit with the same number on the same
    machine."""
