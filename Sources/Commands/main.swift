print("maskrcnn")
