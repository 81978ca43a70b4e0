"""Lesson 08, the capstone: its checks, fixtures, misconceptions, quiz and weights judge."""
