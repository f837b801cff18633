import Geometry

extension Dataset {
    /// The dataset as a COCO annotation file, which COCO's own tools can read. Keys are in a fixed order and
    /// entries in the order of the arrays, one per line: equal datasets give equal bytes.
    /// - Throws: ``COCOError`` when the file could not be read back: duplicate ids, a reference to an entry
    ///   that does not exist, a number that is not finite.
    public func encoded() throws(COCOError) -> [UInt8] {
        let index = try DatasetIndex(self)
        var ids: Set<Int> = []
        for annotation in annotations {
            do throws(EntryFault) {
                guard ids.insert(annotation.id).inserted else { throw EntryFault.duplicate }
                guard annotation.area.isFinite else {
                    throw EntryFault(.number, "its area is not a finite number")
                }
                try index.check(annotation)
            } catch {
                throw COCOError(fault: "annotation \(annotation.id): \(error.message)")
            }
        }
        var writer = JSONWriter()
        let texts = TextsOfIdentifiers(self)
        writer.raw("{\"info\": {},\n\"images\": ")
        writer.lines(images) { $0.picture($1) }
        writer.raw(",\n\"annotations\": ")
        writer.lines(annotations) { $0.annotation($1, texts) }
        writer.raw(",\n\"categories\": ")
        writer.lines(categories) { $0.category($1) }
        writer.raw("}\n")
        return writer.bytes
    }
}

/// The original ids of images and categories by their numbers, in datasets whose ids are text.
struct TextsOfIdentifiers {
    let images: [Int: String]
    let categories: [Int: String]

    init(_ dataset: Dataset?) {
        func texts(_ pairs: some Sequence<(Int, String)>) -> [Int: String] {
            Dictionary(pairs) { first, _ in first }
        }
        images = texts(
            (dataset?.images ?? []).lazy.compactMap { picture in picture.textID.map { (picture.id, $0) } })
        categories = texts(
            (dataset?.categories ?? []).lazy.compactMap { category in
                category.textID.map { (category.id, $0) }
            })
    }
}

extension JSONWriter {
    /// Writes an id: as text if the file's id was text, else as a number.
    mutating func identifier(_ id: Int, _ text: String?) {
        if let text { string(text) } else { integer(id) }
    }

    fileprivate mutating func picture(_ picture: Picture) {
        raw("{\"id\": ")
        identifier(picture.id, picture.textID)
        if let fileName = picture.fileName {
            raw(", \"file_name\": ")
            string(fileName)
        }
        if let size = picture.size {
            raw(", \"height\": ")
            integer(size.height)
            raw(", \"width\": ")
            integer(size.width)
        }
        raw("}")
    }

    fileprivate mutating func category(_ category: Category) {
        raw("{\"id\": ")
        identifier(category.id, category.textID)
        raw(", \"name\": ")
        string(category.name)
        if let supercategory = category.supercategory {
            raw(", \"supercategory\": ")
            string(supercategory)
        }
        if !category.keypoints.isEmpty {
            raw(", \"keypoints\": ")
            list(category.keypoints) { $0.string($1) }
            raw(", \"skeleton\": ")
            list(category.skeleton) { $0.list($1) { $0.integer($1) } }
        }
        raw("}")
    }

    fileprivate mutating func annotation(_ annotation: Annotation, _ texts: TextsOfIdentifiers) {
        raw("{\"id\": ")
        integer(annotation.id)
        raw(", \"image_id\": ")
        identifier(annotation.imageID, texts.images[annotation.imageID])
        raw(", \"category_id\": ")
        identifier(annotation.categoryID, texts.categories[annotation.categoryID])
        raw(", \"bbox\": ")
        box(annotation.box)
        raw(", \"area\": ")
        number(annotation.area)
        raw(", \"iscrowd\": ")
        integer(annotation.isCrowd ? 1 : 0)
        if let segmentation = annotation.segmentation {
            raw(", \"segmentation\": ")
            self.segmentation(segmentation)
        }
        if let keypoints = annotation.keypoints {
            raw(", \"num_keypoints\": ")
            integer(annotation.keypointCount)
            raw(", \"keypoints\": ")
            self.keypoints(keypoints)
        }
        raw("}")
    }

    /// Writes `[x, y, width, height]`.
    mutating func box(_ box: AnnotationBox) {
        list([box.x, box.y, box.width, box.height]) { $0.number($1) }
    }

    /// Writes polygons as lists of coordinates, and a mask as compressed run lengths.
    mutating func segmentation(_ segmentation: Segmentation) {
        switch segmentation {
        case .polygons(let polygons):
            list(polygons) { writer, polygon in
                writer.list(polygon.vertices.flatMap { [$0.x, $0.y] }) { $0.number($1) }
            }
        case .runLengths(let mask):
            raw("{\"size\": ")
            list([mask.size.height, mask.size.width]) { $0.integer($1) }
            raw(", \"counts\": ")
            string(mask.compressed)
            raw("}")
        }
    }

    /// Writes `[x, y, visibility, …]`.
    mutating func keypoints(_ keypoints: [AnnotationKeypoint]) {
        list(keypoints.flatMap { [$0.x, $0.y, $0.visibility] }) { $0.number($1) }
    }
}
