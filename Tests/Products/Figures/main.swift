import MaskRCNNFigures

let image = try Image(contentsOf: "street.jpg")
let run = PictureRun(try LoadedModel.shipped(), on: image, named: "a street")
try Gallery(run).figure(.roiAlign).write(to: "roialign.svg")
try drawDetections(run.instances, of: run.model, on: image).writePNG(to: "found.png")
