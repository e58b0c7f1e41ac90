//! Encrypted files for DataFusion: takes an archive with its key, gives what opens its content files, each by its place. Keys stay in this
//! process: neither plans nor settings carry one.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::config::EncryptionFactoryOptions;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::parquet_encryption::EncryptionFactory;
use datafusion::object_store::path::Path;
use datafusion::parquet::encryption::decrypt::FileDecryptionProperties;
use datafusion::parquet::encryption::encrypt::FileEncryptionProperties;

use crate::archive::Archive;

/// The name that tables of the content tier give for it.
pub(super) const SEALED: &str = "skywatch";

/// Opens the content files of one archive.
#[derive(Debug)]
pub(super) struct Sealed(pub(super) Archive);

#[async_trait]
impl EncryptionFactory for Sealed {
    async fn get_file_encryption_properties(
        &self,
        _: &EncryptionFactoryOptions,
        _: &SchemaRef,
        _: &Path,
    ) -> Result<Option<Arc<FileEncryptionProperties>>> {
        // Plans write no files.
        Ok(None)
    }

    async fn get_file_decryption_properties(
        &self,
        _: &EncryptionFactoryOptions,
        path: &Path,
    ) -> Result<Option<Arc<FileDecryptionProperties>>> {
        let opened = self.0.decryption(path.as_ref());
        opened.map(Some).map_err(|diagnostic| DataFusionError::Execution(diagnostic.message))
    }
}
