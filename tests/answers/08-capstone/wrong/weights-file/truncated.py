# misconception: file-damaged
weights_file = "evening.safetensors"


### MAKE FILES
import os

os.truncate("evening.safetensors", 10_000_000)
