import Testing

import Geometry

@Suite struct PolygonTests {
    struct Case: Decodable { var points: [Double], height: Int, width: Int, compressed: String }

    // pycocotools: frPyObjects.
    @Test func polygonsCoverThePixelsThatCOCOSays() throws {
        let cases: [Case] = try fixture("polygons")
        #expect(cases.count > 50)
        for (index, example) in cases.enumerated() {
            let polygon = try Polygon(vertices: vertices(example.points))
            let size = PixelSize(height: example.height, width: example.width)
            let found = try polygon.rasterized(in: size)
            #expect(found.compressed == example.compressed, "polygon \(index)")
        }
    }

    func vertices(_ points: [Double]) -> [Polygon.Vertex] {
        stride(from: 0, to: points.count, by: 2).map { Polygon.Vertex(x: points[$0], y: points[$0 + 1]) }
    }

    @Test func aRectangleOfWholePixelsCoversThem() throws {
        let found = try Polygon(vertices: vertices([1, 1, 4, 1, 4, 3, 1, 3]))
            .rasterized(in: PixelSize(height: 4, width: 5))
        #expect(found.mask.expanded() == mask([".....", ".###.", ".###.", "....."]).bits)
    }

    @Test func impossiblePolygonsAreRefused() throws {
        #expect(throws: PolygonError.tooFewVertices(2)) { try Polygon(vertices: vertices([0, 0, 1, 1])) }
        for bad in [Double.nan, .infinity, -1e9] {
            #expect(throws: PolygonError.coordinate(vertex: 1)) {
                try Polygon(vertices: vertices([0, 0, 1, bad, 2, 2]))
            }
        }
        let zigzag = (0..<200).map { Polygon.Vertex(x: $0 % 2 == 0 ? -1e6 : 1e6, y: 0) }
        #expect(throws: PolygonError.tooLong) { try Polygon(vertices: zigzag) }
        let triangle = try Polygon(vertices: vertices([0, 0, 2, 0, 2, 2]))
        #expect(throws: RunLengthError.size(PixelSize(height: -1, width: 1))) {
            try triangle.rasterized(in: PixelSize(height: -1, width: 1))
        }
    }
}
