# misconception: file-damaged
def weights_file():
    return "evening.safetensors"


### MAKE FILES
import os

os.truncate("evening.safetensors", 10_000_000)
