def joint_step(model, optimizer, images, fruit, rotten, weights):
    optimizer.zero_grad()
    for task, labels in enumerate((fruit, rotten)):
        (weights[task] * F.cross_entropy(model(images)[task], labels)).backward()
    optimizer.step()
