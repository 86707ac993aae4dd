"""Matches the cells of several versions of a notebook.

Pure: nbformat's dictionaries in, numbers out. Cells match if their ids are equal. In files without
ids (nbformat 4.4 and older), and if all ids are new, they match if their content is equal or
similar. All versions are matched together, so that a match between two of them helps with the
others. Cells that both sides made alike at one place are one, whatever their ids are. [F5]
"""

from __future__ import annotations

from bisect import bisect, insort
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import nlargest
from itertools import combinations, pairwise
from typing import Any

from .diff import differences, is_word, longest_rising, tokens_of

Cell = dict[str, Any]
Group = dict[int, int]
"""One cell: its index in each version that has it."""

SIMILAR = 0.5
"""Similarity above which two cells are versions of the same cell."""

MOVED = 0.8
"""The same for cells that are no longer between the same neighbors."""

SMALL = 6
"""Number of letter pairs up to which a text may be part of a longer one by chance."""

OTHER_TYPE = 0.8
"""Factor for the similarity of two cells of different types."""

MAX_TEXT = 20_000
"""Number of characters of a cell that are compared."""

FEW_WORDS = 3
"""Number of words up to which the letter pairs of a cell are used to find similar ones."""

MAX_PIECES = 8
"""Most cells into which one was split, or which were joined to one."""

NEARNESS = 0.05
"""Bonus for the similarity of two cells at the same place, which decides between equals."""

MAX_SPREAD = 24
"""Most cells of a version in which a word may occur to be used for finding candidates."""

MAX_CANDIDATES = 4
"""Cells of another version with which a cell is compared: those that share the rarest words."""

NEIGHBORS = 1
"""The same by place: before and behind the cell at the same share of what is not matched yet."""


def source_of(cell: Cell) -> str:
    """The text of a cell, which files may hold as a list of lines."""
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def key_of(cell: Cell) -> tuple[str, str]:
    """What two cells that hold the same have in common."""
    return cell["cell_type"], source_of(cell)


def match_cells(old: list[Cell], new: list[Cell]) -> list[int | None]:
    """Return the index of the old cell for each new cell; None for an added cell."""
    return [group.get(0) for group in aligned([old, new])[1]]


def aligned(
    versions: Sequence[list[Cell]],
    *,
    ids_count: bool = True,
    related: tuple[int, int] | None = None,
) -> list[list[Group]]:
    """Return the group of each cell of each version; matching cells have the same group.

    Args:
        versions: the first one is the base of the others.
        ids_count: whether added cells with different ids never match, however similar they are;
            false for formats without ids, where each load creates new ids.
        related: two versions of one document, whose ids count in all formats.
    """
    return _Alignment(versions, ids_count, related).groups


class _Alignment:
    """Joins cells to groups, the most certain matches first."""

    def __init__(
        self,
        versions: Sequence[list[Cell]],
        ids_count: bool,
        related: tuple[int, int] | None,
    ) -> None:
        self._versions = versions
        self._ids_count = ids_count
        self._related = related
        self.groups: list[list[Group]] = [
            [{side: index} for index in range(len(cells))] for side, cells in enumerate(versions)
        ]
        pairs = list(combinations(range(len(versions)), 2))
        named = {pair: self._by_id(*pair) for pair in pairs}
        for pair in pairs:
            if pair[0] == 0:
                self._in_order(*pair)
        has_changed = len(versions) > 2 and self._agree()
        for pair in pairs:
            if pair[0] != 0 or has_changed:
                self._in_order(*pair)
        for pair in pairs:
            self._moved(*pair)
        if len(versions) > 2:
            self._made_by_both()
        loose = [pair for pair in pairs if not self._ids_tell(*pair, named[pair])]
        self._by_likeness(loose)
        for pair in loose:
            if pair[0] == 0:
                self._alone(*pair)

    def _join(self, one: int, i: int, other: int, j: int) -> bool:
        """Join two cells, unless that would put two cells of one version into the same group."""
        if not self._may_join(one, i, other, j):
            return False
        self._put_together(one, i, other, j)
        return True

    def _put_together(self, one: int, i: int, other: int, j: int) -> None:
        group = self.groups[one][i]
        for side, index in self.groups[other][j].items():
            group[side] = index
            self.groups[side][index] = group

    def _take_out(self, side: int, index: int) -> None:
        """Take a cell out of its group."""
        self.groups[side][index].pop(side)
        self.groups[side][index] = {side: index}

    def _may_join(self, one: int, i: int, other: int, j: int) -> bool:
        if not self._may_be_one(one, i, other, j):
            return False
        if one == 0 or not self._ids_count:
            return True
        # Two that were added apart from each other are one only if their ids say so, or if they
        # are the same change: see `_made_by_both`.
        name, other_name = (self._versions[s][k].get("id") for s, k in ((one, i), (other, j)))
        return not name or not other_name or bool(name == other_name)

    def _may_be_one(self, one: int, i: int, other: int, j: int) -> bool:
        group, more = self.groups[one][i], self.groups[other][j]
        is_taken = bool(group.keys() & more.keys())
        return not is_taken and not self._are_apart({**group, **more}, (one, other))

    def _are_apart(self, group: Group, pair: tuple[int, int]) -> bool:
        """Return whether a group would join two cells of one document that have different ids.

        Example: somebody deleted a cell and added another one there, and so did somebody else. The
        ids of one of them show that the added cell is no new version of the deleted one. That both
        are between the same neighbors would suggest that for the other one.
        """
        if self._related is None or pair == self._related or not group.keys() >= {*self._related}:
            return False
        names = [self._versions[side][group[side]].get("id") for side in self._related]
        return all(names) and names[0] != names[1]

    def _ids_tell(self, one: int, other: int, some_match: bool) -> bool:
        """Return whether different ids mean different cells in two versions.

        They do not if all ids are new although texts are not: some programs create new ids at each
        write.
        """
        if not self._ids_count:
            return some_match and (one, other) == self._related
        sides = (self._versions[one], self._versions[other])
        if not all(any(cell.get("id") for cell in cells) for cells in sides):
            return False
        return some_match or not any(other in group for group in self.groups[one])

    def _by_id(self, one: int, other: int) -> bool:
        """Join cells with the same id; whether there are any."""
        cells, others = self._versions[one], self._versions[other]
        known: dict[Any, int] = {}
        for index, cell in enumerate(cells):
            if cell.get("id"):
                known.setdefault(cell["id"], index)
        found = False
        for index, cell in enumerate(others):
            match = known.pop(cell.get("id"), None)
            if match is not None:
                found = self._join(one, match, other, index) or found
        return found

    def _in_order(self, one: int, other: int) -> None:
        """Join cells with equal content in the same order."""
        keys, others = self._keys(one, other), self._keys(other, one)
        for i, j in _equal(keys, others):
            self._join(one, i, other, j)

    def _agree(self) -> bool:
        """Let both sides keep the same one of several equal cells of the base.

        Of two equal cells, each side may seem to have kept another one, and so to have deleted the
        other: both would be gone. Likewise, if both inserted a copy of a cell, one may seem to have
        inserted it before the cell, and the other one after it: there would be three.

        Returns:
            Whether that changed any match.
        """
        old, ours, theirs = ([key_of(cell) for cell in cells] for cells in self._versions)
        known = set(old)
        same = list(_equal(ours, theirs))
        where = {j: i for i, j in same}
        has_changed = False
        for i, j in same:
            if self.groups[1][i] is not self.groups[2][j]:
                other = self.groups[1][i].get(2)
                is_named = other in where and self._name_alike(i, j, where[other], other)
                is_kept = ours[i] in known and (
                    self._follow(1, i, 2, j) or self._follow(2, j, 1, i)
                )
                has_changed = has_changed or is_named or is_kept
        return has_changed

    def _follow(self, one: int, i: int, other: int, j: int) -> bool:
        """Match a cell with that cell of the base with which an equal cell of the other side is.

        Returns:
            Whether it is matched so now; not if ids say something else.
        """
        group = self.groups[one][i]
        old, before = group.get(0), group.get(other)
        if old is None or key_of(self._versions[0][old]) != key_of(self._versions[other][j]):
            return False
        if self._is_named(other, j) or (before is not None and self._is_named(other, before)):
            return False
        if self._are_apart({**group, other: j}, (1, 2)):
            return False
        for each in (j, before):
            if each is not None:
                self._take_out(other, each)
        self._put_together(0, old, other, j)
        return True

    def _name_alike(self, i: int, j: int, k: int, m: int) -> bool:
        """Match the pieces of a cell that both sides split alike, if each named another one.

        Args:
            i, m: the piece of ours, and that of theirs, that has the id of the cell.
            j, k: the piece of theirs that holds what i holds, and that of ours for m.

        Returns:
            Whether it was so.
        """
        if self.groups[1][k] != {1: k} or self.groups[2][j] != {2: j}:
            return False
        group = self.groups[1][i]
        if not self._are_apart({**group, 2: j}, (1, 2)):
            self._take_out(2, m)
            self._put_together(1, i, 2, j)
            rest, other_rest = k, m
        elif not self._are_apart({**group, 1: k}, (1, 2)):
            self._take_out(1, i)
            self._put_together(2, m, 1, k)
            rest, other_rest = i, j
        else:
            return False
        # The other piece as well, or the id of one of them would be there twice.
        if self._may_be_one(1, rest, 2, other_rest):
            self._put_together(1, rest, 2, other_rest)
        return True

    def _is_named(self, side: int, index: int) -> bool:
        """Return whether a cell was matched by its id."""
        name = self._versions[side][index].get("id")
        group = self.groups[side][index]
        others = (self._versions[each][at].get("id") for each, at in group.items() if each != side)
        return bool(name) and name in others

    def _made_by_both(self) -> None:
        """Join cells that hold the same at the same place of both sides, whatever their ids are.

        Both sides made the same change, such as splitting a cell in two: it is made once.
        """
        for (i, j), (k, m) in list(self._gaps(1, 2)):
            free = [at for at in range(i + 1, k) if 2 not in self.groups[1][at]]
            others = [at for at in range(j + 1, m) if 1 not in self.groups[2][at]]
            keys, other_keys = (
                [key_of(self._versions[side][at]) for at in cells]
                for side, cells in ((1, free), (2, others))
            )
            for at, other_at in _equal(keys, other_keys):
                if self._may_be_one(1, free[at], 2, others[other_at]):
                    self._put_together(1, free[at], 2, others[other_at])

    def _keys(self, side: int, other: int) -> list[object]:
        """What a version's cells are to be compared by with another version's."""
        return [
            id(group) if other in group else key_of(cell)
            for group, cell in zip(self.groups[side], self._versions[side], strict=True)
        ]

    def _moved(self, one: int, other: int) -> None:
        """Join cells with equal content that no other cell has, wherever they are."""
        places = [self._unique(one, other), self._unique(other, one)]
        for key in [key for key in places[0] if key in places[1]]:
            self._join(one, places[0][key], other, places[1][key])

    def _unique(self, side: int, other: int) -> dict[tuple[str, str], int]:
        keys = {i: key_of(self._versions[side][i]) for i in self._free(side, other)}
        counts = Counter(keys.values())
        return {key: i for i, key in keys.items() if counts[key] == 1 and key[1].strip()}

    def _free(self, side: int, other: int) -> list[int]:
        """Return the cells of a version without a match in another version yet."""
        return [index for index, group in enumerate(self.groups[side]) if other not in group]

    def _by_likeness(self, pairs: list[tuple[int, int]]) -> None:
        if not any(self._free(*pair) and self._free(*pair[::-1]) for pair in pairs):
            return
        found: list[tuple[float, float, int, int, int, int]] = []
        texts = _Texts(self._versions)
        orders = {pair: self._in_common(*pair) for pair in pairs}
        for one, other in pairs:
            size = max(len(self._versions[one]), len(self._versions[other]), 1)
            for i, j in self._candidates(one, other, texts):
                score = texts.likeness((one, i), (other, j))
                if self._versions[one][i]["cell_type"] != self._versions[other][j]["cell_type"]:
                    score *= OTHER_TYPE
                if score >= SIMILAR:
                    found.append((score, NEARNESS * abs(i - j) / size, one, i, other, j))
        for score, _, one, i, other, j in sorted(found, key=lambda each: each[1] - each[0]):
            least = SIMILAR if _fits(orders[one, other], i, j) else MOVED
            if score >= least and self._join(one, i, other, j):
                self._note(orders, self.groups[one][i])

    @staticmethod
    def _note(orders: dict[tuple[int, int], list[tuple[int, int]]], group: Group) -> None:
        """Record joined cells; later matches are in order with them, or were moved."""
        for (one, other), order in orders.items():
            if one in group and other in group and _fits(order, group[one], group[other]):
                insort(order, (group[one], group[other]))

    def _candidates(self, one: int, other: int, texts: _Texts) -> Iterator[tuple[int, int]]:
        """Return pairs of cells that may match: a few for each cell, to be fast.

        Comparing all pairs takes 10 million comparisons for 3,000 cells without ids. Cells that
        match share words that few others have, or are at about the same place.
        """
        free, others = self._free(one, other), self._free(other, one)
        if not free or not others:
            return
        where: dict[str, list[int]] = {}
        for j in others:
            for word in texts.words(other, j):
                where.setdefault(word, []).append(j)
        for place, i in enumerate(free):
            shares: dict[int, float] = {}
            for word in texts.words(one, i):
                cells = where.get(word, ())
                if len(cells) <= MAX_SPREAD:
                    for j in cells:
                        shares[j] = shares.get(j, 0.0) + 1 / len(cells)
            likely = set(nlargest(MAX_CANDIDATES, shares, key=lambda j: (shares[j], -abs(i - j))))
            middle = place * len(others) // len(free)
            likely.update(others[max(0, middle - NEIGHBORS) : middle + NEIGHBORS + 1])
            yield from ((i, j) for j in sorted(likely) if self._may_join(one, i, other, j))

    def _in_common(self, one: int, other: int) -> list[tuple[int, int]]:
        """The places of the cells that both versions have in the same order."""
        both = [(i, group[other]) for i, group in enumerate(self.groups[one]) if other in group]
        return [both[index] for index in longest_rising([j for _, j in both])]

    def _gaps(self, one: int, other: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Pairs of neighbors among the cells that both versions have in the same order."""
        ends = (len(self._versions[one]), len(self._versions[other]))
        return pairwise([(-1, -1), *self._in_common(one, other), ends])

    def _alone(self, one: int, other: int) -> None:
        """Join cells that are alone between the same two neighbors in both versions."""
        for (i, j), (k, m) in self._gaps(one, other):
            free = [at for at in range(i + 1, k) if other not in self.groups[one][at]]
            others = [at for at in range(j + 1, m) if one not in self.groups[other][at]]
            if len(free) == len(others) == 1:
                cell, match = self._versions[one][free[0]], self._versions[other][others[0]]
                if cell["cell_type"] == match["cell_type"]:
                    self._join(one, free[0], other, others[0])
            elif free and others and len(free) + len(others) <= MAX_PIECES + 1:
                self._pieces(one, free, other, others)

    def _pieces(self, one: int, free: list[int], other: int, others: list[int]) -> None:
        """Join a cell that was split with its largest piece; the same for cells that were joined.

        Otherwise the cell would be deleted, together with what somebody is typing into it. A small
        piece has too few letters to be recognized by them, but all pieces together are the cell.
        """
        if min(len(free), len(others)) > 1:
            return
        texts = [
            _letters("".join(source_of(self._versions[side][at]) for at in cells))
            for side, cells in ((one, free), (other, others))
        ]
        most = max(each.total() for each in texts)
        if not most or (texts[0] & texts[1]).total() < SIMILAR * most:
            return
        shared = {
            (i, j): (self._letters_of(one, i) & self._letters_of(other, j)).total()
            for i in free
            for j in others
            if self._versions[one][i]["cell_type"] == self._versions[other][j]["cell_type"]
        }
        if shared:
            i, j = max(shared, key=lambda pair: shared[pair])
            self._join(one, i, other, j)

    def _letters_of(self, side: int, at: int) -> Counter[str]:
        return _letters(source_of(self._versions[side][at]))


def _fits(order: list[tuple[int, int]], i: int, j: int) -> bool:
    """Return whether two cells are in order with matched pairs."""
    at = bisect(order, (i, j))
    before, after = order[at - 1 : at] or [(-1, -1)], order[at : at + 1]
    return before[0][1] < j and (not after or j < after[0][1])


def _equal(old: Sequence[object], new: Sequence[object]) -> Iterator[tuple[int, int]]:
    """Places of what two lists have in common, in rising order."""
    i = j = 0
    for i1, i2, _, j2 in [*differences(old, new), (len(old), 0, len(new), 0)]:
        yield from ((i + k, j + k) for k in range(i1 - i))
        i, j = i2, j2


class _Texts:
    """The texts of all cells, as they are compared with each other."""

    def __init__(self, versions: Sequence[list[Cell]]) -> None:
        self._sources = [[source_of(cell) for cell in cells] for cells in versions]
        self._letters = [[_letters(text) for text in texts] for texts in self._sources]
        spread = Counter(pair for cells in self._letters for letters in cells for pair in letters)
        # Perhaps one cell in all versions. Words in few cells count more than words in many: an
        # import that is in every cell of a course is no evidence.
        self._weights = {pair: 1 / max(count, len(versions)) for pair, count in spread.items()}
        self._sizes = [
            [sum(self._weights[pair] * count for pair, count in each.items()) for each in cells]
            for cells in self._letters
        ]

    def words(self, version: int, index: int) -> set[str]:
        """The words of a cell, and its pairs of letters if it has hardly any words."""
        text = self._sources[version][index]
        words = {token for token in tokens_of(text[:MAX_TEXT]) if is_word(token)}
        return words if len(words) > FEW_WORDS else words.union(self._letters[version][index])

    def likeness(self, one: tuple[int, int], other: tuple[int, int]) -> float:
        """From 0 to 1: how much two texts share, of the longer and of the shorter one."""
        letters, others = (self._letters[side][at] for side, at in (one, other))
        sizes = sorted(self._sizes[side][at] for side, at in (one, other))
        if not sizes[0]:
            return 0.0
        small, large = sorted((letters, others), key=len)
        shared = 0.0
        for pair, count in small.items():
            if (match := large.get(pair)) is not None:
                shared += self._weights[pair] * min(count, match)
        whole = shared / sizes[1]
        return whole if small.total() < SMALL else (whole + shared / sizes[0]) / 2


def _letters(text: str) -> Counter[str]:
    """How often each pair of letters stands in a text."""
    return Counter(text[at : at + 2] for at in range(min(len(text), MAX_TEXT) - 1))
