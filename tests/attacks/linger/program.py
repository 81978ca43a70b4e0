# Starts a program that goes on.
# stock: not run: it would go on after the grading
# finding: it left a process running
# %% add
import subprocess

def add(x, y):
    return 0

subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "lingering"], start_new_session=True)
