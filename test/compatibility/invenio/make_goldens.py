"""Writes what InvenioRDM's own code makes of the samples.

Runs the readers and transformers of the installed invenio-vocabularies with its default configuration, without a
database, on each sample that the manifest names, and checks each record with InvenioRDM's own schema. A sample gives
one file with a line for each entry, in input order:

- `out`: the record. `refused` says why InvenioRDM's schema refuses it, if it does.
- `error`: InvenioRDM reports an error for the entry and goes on.
- `crash`: an exception that ends InvenioRDM's whole run. Here the next entry is tried all the same.

Usage: make_goldens.py MANIFEST OUTPUT_DIRECTORY
"""

import http.server
import json
import os
import re
import sys
import threading
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

from flask import Flask
from flask_babel import Babel
from invenio_vocabularies import config
from invenio_vocabularies.contrib.affiliations.schema import AffiliationSchema
from invenio_vocabularies.contrib.awards.schema import AwardSchema
from invenio_vocabularies.contrib.funders.schema import FunderSchema
from invenio_vocabularies.contrib.subjects.schema import SubjectSchema
from invenio_vocabularies.datastreams.datastreams import StreamEntry
from invenio_vocabularies.datastreams.errors import ReaderError, TransformerError
from marshmallow import ValidationError

# The keys under which a deployment has the readers and transformers of all vocabularies.
from invenio_vocabularies.config import (
    VOCABULARIES_DATASTREAM_READERS,
    VOCABULARIES_DATASTREAM_TRANSFORMERS,
)
from invenio_vocabularies.contrib.affiliations.datastreams import (
    VOCABULARIES_DATASTREAM_TRANSFORMERS as AFFILIATIONS,
)
from invenio_vocabularies.contrib.awards.datastreams import (
    VOCABULARIES_DATASTREAM_TRANSFORMERS as AWARDS,
)
from invenio_vocabularies.contrib.funders.datastreams import (
    VOCABULARIES_DATASTREAM_TRANSFORMERS as FUNDERS,
)
from invenio_vocabularies.contrib.names.datastreams import (
    VOCABULARIES_DATASTREAM_TRANSFORMERS as NAMES,
)
from invenio_vocabularies.contrib.subjects.datastreams import (
    VOCABULARIES_DATASTREAM_TRANSFORMERS as SUBJECTS,
)

READERS = VOCABULARIES_DATASTREAM_READERS
TRANSFORMERS = {
    **VOCABULARIES_DATASTREAM_TRANSFORMERS,
    **AFFILIATIONS,
    **AWARDS,
    **FUNDERS,
    **NAMES,
    **SUBJECTS,
}
SCHEMAS = {
    "affiliations": AffiliationSchema,
    "awards": AwardSchema,
    "funders": FunderSchema,
    "subjects": SubjectSchema,
}


def make_app():
    """Returns a Flask application with the defaults of invenio-vocabularies, and no other extension."""
    app = Flask("goldens")
    for key in dir(config):
        if key.isupper():
            app.config.setdefault(key, getattr(config, key))
    # InvenioRDM asks its database for the mapping of organisations, which no sample needs.
    app.config["VOCABULARIES_ORCID_ORG_IDS_MAPPING_PATH"] = None
    # Its warnings repeat the lines of the goldens.
    app.logger.disabled = True
    Babel(app)
    return app


def message_of(error):
    """Returns the kind and the beginning of a message, without what differs from run to run."""
    text = re.sub(r"0x[0-9a-f]+|/\S*/", "…", " ".join(str(error).split()))
    return f"{type(error).__name__}: {text}"[:160]


class Golden:
    """The lines of one sample."""

    def __init__(self, sample):
        self.sample = sample
        self.lines = []

    def run(self):
        for path in self.sample["files"]:
            self.read(self.sample["readers"], None, path, 0)
        return self.lines

    def read(self, readers, item, path, depth):
        """Follows the chain of readers as DataStream.read does, and goes on after an exception."""
        spec, *rest = readers
        try:
            reader = READERS[spec["type"]](**spec.get("args", {}))
            if depth == 0:
                reader, item = self.first(reader, spec["type"], path)
            items = reader.read(item)
            while True:
                value = next(items)
                if rest:
                    self.read(rest, value, path, depth + 1)
                else:
                    self.transform(value)
        except StopIteration:
            return
        except ReaderError as error:
            # The outermost reader has nobody who takes its error for that of one entry.
            kind = "crash" if depth == 0 else "error"
            self.lines.append({kind: message_of(error)})
        except Exception as error:
            self.lines.append({"crash": message_of(error)})

    def first(self, reader, kind, path):
        """Opens the file as the reader before this one would have handed it on."""
        if self.sample.get("opened") == "text":
            return reader, open(path, encoding="utf-8")
        if self.sample.get("opened") == "file":
            return reader, open(path, "rb")
        if kind == "sparql":
            return reader, None
        return reader, Path(path).read_bytes()

    def transform(self, value):
        # A concept is named: graphs deliver concepts in an order of their own.
        concept = {}
        if isinstance(value, dict) and "rdf_graph" in value:
            concept = {"in": str(value["subject"])}
        self.lines.append({**concept, **self.transformed(value)})

    def transformed(self, value):
        entry = StreamEntry(value)
        try:
            for spec in self.sample.get("transformers", []):
                transformer = TRANSFORMERS[spec["type"]](**spec.get("args", {}))
                entry = transformer.apply(entry)
                if entry.errors:
                    raise TransformerError(str(entry.errors[0]))
            return self.checked(normalised(entry.entry))
        except TransformerError as error:
            return {"error": message_of(error)}
        except Exception as error:
            return {"crash": message_of(error)}

    def checked(self, record):
        schema = SCHEMAS.get(self.sample.get("vocabulary"))
        if schema is None:
            return {"out": record}
        try:
            schema().load(json.loads(json.dumps(record)))
        except ValidationError as error:
            return {"out": record, "refused": json.loads(json.dumps(error.messages, default=str))}
        except Exception as error:
            return {"out": record, "refused": message_of(error)}
        return {"out": record}


def normalised(record):
    """Aliases come out of a set, in another order in each process: they are sorted by code point."""
    if isinstance(record, dict) and isinstance(record.get("aliases"), list):
        return {**record, "aliases": sorted(record["aliases"])}
    return record


def serve(directory):
    """Serves the SPARQL results of a sample on loopback, so that InvenioRDM's reader asks for them itself."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=directory)

        def do_GET(self):
            body = Path(directory, self.path.split("?")[0].lstrip("/")).read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/sparql-results+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def dump(line):
    return json.dumps(line, ensure_ascii=False, default=str)


def main(manifest_path, output):
    manifest = json.loads(Path(manifest_path).read_text("utf-8"))
    os.chdir(Path(manifest_path).parent)
    server = serve(os.getcwd())
    cases = []
    with make_app().app_context():
        for sample in manifest["samples"]:
            for spec in sample["readers"]:
                if spec["type"] == "sparql":
                    port = server.server_address[1]
                    spec["args"]["origin"] = f"http://127.0.0.1:{port}/{sample['files'][0]}"
            lines = Golden(sample).run()
            if sample.get("isCase"):
                cases.append({"case": sample["name"], "lines": lines})
                continue
            head = {"sample": sample["digest"], "invenio_vocabularies": manifest["version"]}
            text = "".join(f"{dump(line)}\n" for line in [head, *lines])
            Path(output, f"{sample['name']}.jsonl").write_text(text, "utf-8")
    if manifest.get("casesDigest"):
        head = {"sample": manifest["casesDigest"], "invenio_vocabularies": manifest["version"]}
        text = "".join(f"{dump(line)}\n" for line in [head, *cases])
        Path(output, "reading.jsonl").write_text(text, "utf-8")
    server.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
