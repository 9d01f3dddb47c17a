"""The collection workbook for a department without a system: drawn from a feed's fields, read back by the same feed.

Owns its layout, its words, and the `format:` block that reads exactly this layout. Must never hold a person's data, or
a formula: the totals are the department's own word, and a sum that counts itself would always agree.
"""

from gateway.template.declaration import declaration
from gateway.template.layout import Plan, plan
from gateway.template.workbook import workbook

__all__ = ["Plan", "declaration", "plan", "workbook"]
