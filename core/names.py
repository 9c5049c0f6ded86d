"""Names that are easy to say and to remember."""

from __future__ import annotations

_FIRST = (
    "amber bold brave bright calm clear clever cool crisp dapper eager early fair fleet fond "
    "gentle glad golden grand happy humble jolly keen kind light lively lucky mellow merry mild "
    "neat noble patient plain polite prompt proud quick quiet rapid ready royal silver sleek "
    "smart smooth snowy solid spry steady still stout subtle sunny swift tidy tranquil trusty "
    "vivid warm wise witty young zesty"
)
_SECOND = (
    "adder badger beaver bison bobcat canary cicada condor cougar crane cricket curlew dolphin "
    "dove dunlin eagle egret falcon ferret finch fox gannet gecko gibbon goose grebe hare heron "
    "hornet ibex ibis jackal jay kestrel lark lemur linnet lynx marmot marten merlin mole moth "
    "newt osprey otter owl panda petrel plover puffin quail raven robin salmon seal shrew skylark "
    "sparrow stoat swan tern thrush wren"
)


def two_words(key: str) -> str:
    """Return the name that the hexadecimal *key* decides, such as "quiet-otter"."""
    first, second = _FIRST.split(), _SECOND.split()
    number, position = divmod(int(key[:8], 16), len(second))
    return f"{first[number % len(first)]}-{second[position]}"
