"""The one exception that a user is meant to read."""


class InputError(Exception):
    """Something given to Monolayer is wrong: a parameter, a file, an image, a server's answer.

    The message names the file, key or image, says what was expected and what arrived, and what to do.
    Stages print it without a traceback and stop.
    """
