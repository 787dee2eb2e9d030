"""Architectures: one module each, with a ``Settings`` class and ``build(settings) -> model``.

A model is a `torch.nn.Module` that turns grey levels into outputs and outputs into a prediction; the
training loop and the predict stage know nothing else of it:

``stride``
    Height and width of a batch must be multiples of it.
``targets(labels)``
    What to learn from label images int32 [B, H, W] (0 = background).
``forward(images)``
    Outputs for grey levels float32 [B, 1, H, W], 0..255.
``loss(outputs, targets)``
    Named losses; ``loss`` is their total.
``foreground(outputs)``
    Probability of belonging to a cell, float32 [B, H, W].
``decode(outputs, threshold)``
    The `monolayer.prediction.Prediction` of the one image in the batch.
"""
