# SPDX-License-Identifier: LGPL-2.1-or-later
"""The first thing that is wrong, and how it gets its name."""

from cryptography.exceptions import UnsupportedAlgorithm

# What bytes that are wrong may lead to, and a file that can't be read.
BAD = (ValueError, IndexError, RecursionError, OSError, UnsupportedAlgorithm)


class Finding(Exception):
    def __init__(self, name, words):
        super().__init__(f'{name}: {words}')
        self.name, self.words = name, words


def judged(name, function, *arguments):
    """What `function` returns; where it finds the bytes wrong, that is a Finding of this name."""
    try:
        return function(*arguments)
    except BAD as error:
        raise Finding(name, str(error)) from None
