# Everything that a newcomer needs: each target installs what is missing first.

.PHONY: walkthrough figures pages notebook notebooks references documentation test tools products build model setup format lint clean \
  completions

# The same for building and testing, so that nothing is compiled twice: modules as the program has them, which is why
# tests see what has `package` access and no more.
SWIFT_FLAGS = -c release
BUILD = swift build $(SWIFT_FLAGS)

# The main job, on a drawn scene; IMAGE=… and WEIGHTS=… run it on your own. In a terminal it stops after each screen;
# elsewhere it prints one, and PART=rpn that page, PART=--all everything.
walkthrough: build
	@.build/release/maskrcnn walkthrough $(PART) --output walkthrough.png \
	  $(if $(IMAGE),--image "$(IMAGE)") $(if $(WEIGHTS),--weights "$(WEIGHTS)")

# All figures of the documentation, of the model and the picture that ship with the project.
figures: build
	.build/release/maskrcnn figures --format png --format svg --output Figures

test: setup
	swift test $(SWIFT_FLAGS) --disable-testable-imports
	$(MAKE) --no-print-directory notebooks

# Builds the README's examples as packages that depend on this one, each on one product, and looks at what they link.
# Without optimisation, and into one place, since all four need the same targets.
products: setup
	python3 Tools/build_products.py

# Opens JupyterLab with the notebooks. Needs Python alone: no Swift, nothing built. OPTIONS=--allow-root as root.
NOTEBOOKS = .build/notebooks
notebook: $(NOTEBOOKS)/ready
	$(NOTEBOOKS)/bin/python Notebooks-md/start.py $(OPTIONS)

# Executes every notebook, with its blanks and with its solutions, and the Python of every page, in an environment of
# its own with the versions that they are known to run with; checks that the notebooks' checks name mistakes; and
# compares the Swift that pages quote with the source.
notebooks: $(NOTEBOOKS)/ready build
	$(NOTEBOOKS)/bin/python Tools/test_pages.py
	$(NOTEBOOKS)/bin/python Tools/quote_sources.py
	$(NOTEBOOKS)/bin/python Tools/run_pages.py
	$(NOTEBOOKS)/bin/python Tools/test_notebooks.py
	$(NOTEBOOKS)/bin/python Tools/run_notebooks.py

$(NOTEBOOKS)/ready: Notebooks-md/requirements.txt Tools/requirements-notebooks.txt
	python3 -m venv $(NOTEBOOKS)
	$(NOTEBOOKS)/bin/pip install --quiet --disable-pip-version-check -r Tools/requirements-notebooks.txt
	touch $@

# What pages and notebooks show, recorded anew: after a change of the model, of what a command prints, or of the Swift
# that a page quotes.
pages: build
	python3 Tools/quote_sources.py --update
	.build/release/maskrcnn pages --update

references: $(NOTEBOOKS)/ready build
	$(NOTEBOOKS)/bin/python Tools/record_notebook_references.py

# The reference of MaskRCNN and Kernels as DocC archives, in .build/documentation.
documentation: build
	python3 Tools/make_documentation.py

build: setup
	$(BUILD) --product maskrcnn

# Trains the model that ships with the project again, from nothing: one to two hours on two cores. Can be stopped with
# Ctrl-C and called again. Leaves the weights, the record of the losses and the numbers of 500 scenes that it has
# never seen where every command takes them from.
MODEL = Sources/Loading/Model
model: build
	.build/release/maskrcnn train --configuration small --output .build/model --resume
	test -d .build/held-out || \
	  .build/release/maskrcnn scenes --count 500 --seed 2 --output .build/held-out
	.build/release/maskrcnn convert --half .build/model/model.safetensors .build/model/small.safetensors
	.build/release/maskrcnn evaluate --annotations .build/held-out/annotations.json \
	  --images .build/held-out/images --weights .build/model/small.safetensors --json > $(MODEL)/evaluation.json
	mv .build/model/small.safetensors $(MODEL)
	cp .build/model/metrics.jsonl .build/model/configuration.json $(MODEL)

# libpng, libjpeg-turbo, Cairo, OpenBLAS, zlib, pkg-config and the font that figures are drawn with.
setup:
	@Tools/setup.sh

format:
	swift format -i -r Package.swift Sources Tests

# Ruff, which looks at the Python, is in an environment of its own.
LINT = .build/lint
lint: $(LINT)/ready
	swift format lint --strict -r Package.swift Sources Tests
	python3 Tools/test_targets.py
	python3 Tools/check_targets.py
	@! grep -rn "@testable" Tests Sources || { echo "lint: give it package access instead: see the Makefile"; exit 1; }
	$(LINT)/bin/ruff check --quiet --config Tools/ruff.toml Tools Notebooks-md

$(LINT)/ready: Tools/requirements-lint.txt
	python3 -m venv $(LINT)
	$(LINT)/bin/pip install --quiet --disable-pip-version-check -r Tools/requirements-lint.txt
	touch $@

# The tests of the tools that compare with PyTorch, in an environment that has it: some gigabytes.
TOOLS = .build/tools
tools: $(TOOLS)/ready
	cd Tools && ../$(TOOLS)/bin/python test_tools.py

$(TOOLS)/ready: Tools/requirements.txt
	python3 -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check -r Tools/requirements.txt
	touch $@

# Completions of the command for your shell, in completions/.
completions: build
	mkdir -p completions
	.build/release/maskrcnn --generate-completion-script bash > completions/maskrcnn.bash
	.build/release/maskrcnn --generate-completion-script zsh > completions/_maskrcnn
	.build/release/maskrcnn --generate-completion-script fish > completions/maskrcnn.fish

clean:
	swift package clean
	rm -rf completions walkthrough.png
