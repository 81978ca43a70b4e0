"""Lesson 03, the BatchNorm trap: its checks, fixtures, misconceptions and quiz."""
