"""Text files of one line a record, fields parted by a delimiter of one character or several."""
