// swift-tools-version: 6.1
import PackageDescription

// The README's example for the product MaskRCNNFigures, built as a user's package that depends on this one.
let package = Package(
    name: "FiguresExample",
    dependencies: [.package(name: "MaskRCNN", path: "../../..")],
    targets: [
        .executableTarget(
            name: "FiguresExample", dependencies: [.product(name: "MaskRCNNFigures", package: "MaskRCNN")],
            path: ".",
            sources: ["main.swift"])
    ],
    swiftLanguageModes: [.v6]
)
