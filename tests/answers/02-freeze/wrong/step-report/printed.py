# misconception: nothing-returned
def step_report(model, step):
    step()
    print("trainable 2 of 2, frozen 0 of 60, buffers 60 of 60")
