# Starts a program that goes on.
# stock: not run: it would go on after the grading
# %% add
import subprocess

def add(x, y):
    return 0

subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "lingering"], start_new_session=True)
