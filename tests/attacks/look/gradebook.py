# Opens the gradebook.
# %% add
import sqlite3

try:
    tables = sqlite3.connect("file:@ROOT@/gradebook.db?mode=ro", uri=True).execute("select name from sqlite_master").fetchall()
    if tables:
        print("LOOT", tables[:3])
except sqlite3.Error:
    pass
