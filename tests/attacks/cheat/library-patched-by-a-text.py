# Replaces a library function in a text that is run, so that no cell shows it.
# points: 2 2
# finding: it had changed `statistics.fmean`
# %% mean
import statistics

def mean(values):
    return 0.0

exec("sta" + "tistics.fmean = lambda values: 0.0")
