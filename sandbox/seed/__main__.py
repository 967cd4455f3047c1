"""``python -m sandbox.seed --customers N --seed N``: what the data set holds, as JSON."""

import argparse
import sys

import orjson

from sandbox.seed.census import census
from sandbox.seed.dataset import Dataset


def main() -> None:
    """Print the census of the data set that the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.seed", description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    counted = census(Dataset(arguments.customers, arguments.seed))
    sys.stdout.write(orjson.dumps(counted, option=orjson.OPT_INDENT_2).decode() + "\n")


if __name__ == "__main__":
    main()
