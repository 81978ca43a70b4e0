# Reaches the check's frame through a generator that is running.
# points: 2 2
# finding: it reached for `f_back`
# %% mean
def mean(values):
    def look():
        yield generator.gi_frame.f_back.f_back.f_locals["expected"]
    generator = look()
    return next(generator)
