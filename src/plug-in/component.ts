/**
 * What a plug-in needs to define readers, transformers and writers. Everything here follows semantic versioning; the rest
 * of the package may change with any release.
 *
 * @module
 */
export { abortable } from '../component/abortable.ts';
export {
  defineReader,
  type ComponentExample,
  type ContainerReader,
  type Coverage,
  type FetchContext,
  type FetchedFile,
  type NothingNew,
  type ParserReader,
  type ReadContext,
  type Reader,
  type RecordSourceReader,
  type Since,
  type SourceReader,
  type SourceVersion,
  type SplitContext,
  type Warning,
} from '../component/reader.ts';
export type { PlacedResource, Resource, Span } from '../component/resource.ts';
export type {
  S3Answer,
  S3Object,
  S3Place,
  S3Service,
  S3Stored,
  S3Target,
  S3Upload,
  S3WriteOptions,
} from '../component/s3-service.ts';
export type { Download, DownloadRequest, Hop } from '../component/download.ts';
export type {
  ApiAnswer,
  ApiRequest,
  ApiService,
  Bundle,
  BundleService,
  HttpAnswer,
  HttpService,
  Logger,
  OpenedBundle,
  Services,
  SpoolService,
} from '../component/services.ts';
export {
  Skip,
  defineTransformer,
  skip,
  type LookupFile,
  type Transform,
  type TransformContext,
  type Transformer,
  type TransformerExample,
  type TransformerServices,
} from '../component/transformer.ts';
export {
  defineWriter,
  type ChangeLimits,
  type ChangesContext,
  type ChangesSink,
  type ChangesWriter,
  type CountReferences,
  type Expected,
  type InspectContext,
  type OnConflict,
  type OnMissing,
  type PreflightContext,
  type ReferenceCounts,
  type SnapshotContext,
  type SnapshotSink,
  type SnapshotWriter,
  type TableWriter,
  type Waiting,
  type Writer,
} from '../component/writer.ts';
export type {
  Again,
  Change,
  ChangeKind,
  ChangeResult,
  Conflict,
  Done,
  Held,
  Rejected,
  Remote,
} from '../records/change.ts';
export type { Document } from '../records/document.ts';
export {
  isFailure,
  type ReadFailure,
  type ReadItem,
  type ReadRecord,
  type Recognise,
  type Recognised,
} from '../records/entry.ts';
export type { FieldChange } from '../records/field-changes.ts';
export type { CitingRecord } from '../records/impact.ts';
export type { JsonObject } from '../records/json-object.ts';
export type { NamedRecord, RecordNotes } from '../records/notes.ts';
