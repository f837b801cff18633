// What `import MaskRCNNFigures` gives: the thirty figures, overlays of detections, and the kit they are drawn with;
// and all of the product `MaskRCNN`.

@_exported import Drawing
@_exported import Explanations
@_exported import Figures
@_exported import MaskRCNN
