def joint_step(model, optimizer, images, fruit, rotten, loss_weights):
    optimizer.zero_grad()
    for task, labels in enumerate((fruit, rotten)):
        (loss_weights[task] * F.cross_entropy(model(images)[task], labels)).backward()
    optimizer.step()
