"""Spreadsheets (xls, xlsx) read by a declared template: which sheet, which rows, which unit, where the table ends."""
