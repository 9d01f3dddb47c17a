"""Problem books: the masked problem rows of each batch, kept where the department collects them.

books     the files of a site, and one being written                     `ProblemBooks`, `ProblemWriter`
book      one that was kept: `r<revision>.csv`                           `Book`, `hand_out`
rows      what lies beside it: which records its rows are                `r<revision>.rows`
marks     a record without a value: keyed digests of its key and cells
followed  what became of the problem rows of the revision before         `Cure`, `By`, `Outcome`
workbook, pages, words   the workbook that goes home (its driver is in the extra `files`)

Must never let a value out in clear: problems arrive masked, and digests say nothing without the site's secret.
"""

from gateway.problems.book import Book, hand_out
from gateway.problems.books import ProblemBooks, ProblemWriter
from gateway.problems.followed import By, Cure, Fate, Outcome
from gateway.problems.rows import PastRow, ProblemRow

__all__ = [
    "Book",
    "By",
    "Cure",
    "Fate",
    "Outcome",
    "PastRow",
    "ProblemBooks",
    "ProblemRow",
    "ProblemWriter",
    "hand_out",
]
