"""One folder for each lesson: its checks, fixtures, misconceptions and quiz."""
