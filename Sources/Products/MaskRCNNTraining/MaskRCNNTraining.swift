// What `import MaskRCNNTraining` gives: training of the networks of `MaskRCNN`, and all of that product.
// Nothing here draws; the product needs no Cairo.

@_exported import MaskRCNN
@_exported import Training
