"""What was tried of a decoder's settings, as files and for the screen."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from monolayer.inference.search import Search, load_decoder_settings, settings_at_an_end
from monolayer.inference.tuning import Trial, best_trial
from monolayer.metrics.files import write_metrics


def write_tuned(path: Path, decoder: str, trials: Sequence[Trial], search: Search, score: str) -> None:
    """Write the best settings as metrics, and, where there are any, those that want a wider range."""
    best = best_trial(trials, score)
    ends = settings_at_an_end(best.settings, search, load_decoder_settings(decoder))
    write_metrics(
        path,
        {
            "decoder": decoder,
            "settings": best.settings,
            **(
                {"at_an_end_of_its_range": ", ".join(ends)} if ends else {}
            ),  # DVC plots fail at an empty list
            score: best.score,
            f"{score}_of_first": trials[0].score,
            "chosen_on": "val",
            "images": best.images,
            "trials": len(trials),
        },
    )


def write_trials(path: Path, trials: Sequence[Trial], score: str) -> None:
    """Write a table of all trials, in their order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**trial.settings, score: round(trial.score, 6), "images": trial.images} for trial in trials]
    pd.DataFrame(rows).to_csv(path, index=False, lineterminator="\n")


def tuning_text(decoder: str, trials: Sequence[Trial], search: Search, score: str, images: int) -> str:
    """Say what was tuned on how many of the val images, and which settings want a wider range."""
    best = best_trial(trials, score)
    text = (
        f"decode.{decoder}: {score} {best.score:.3f} on {best.images} of {images} val images, the best of "
        f"{len(trials)} trials ({trials[0].score:.3f} with the first settings)"
    )
    ends = settings_at_an_end(best.settings, search, load_decoder_settings(decoder))
    wider = [
        f"decode.{decoder}.{name}: the best value found, {best.settings[name]}, is at an end of its range: "
        "widen it in params.yaml"
        for name in ends
    ]
    return "\n".join([text, *wider])
