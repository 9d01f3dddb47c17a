"""Text files of fixed-width records, their fields measured in bytes."""
