"""Phase-contrast images of cell cultures that never were, with the outline of every cell known.

`field.render_field` is the way in; the other modules are its steps: which cells there are (`population`),
how they share the ground (`contacts`), what light they delay (`phase`) and what the camera sees (`optics`).
"""
