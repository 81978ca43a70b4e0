# misconception: no-function
head_inputs = 512
