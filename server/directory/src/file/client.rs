//! Descriptors behind the port.

use std::sync::Arc;

use async_trait::async_trait;
use portal_core::{
    org::{GroupId, Member, Standing},
    ports::{
        ConnectionReport, DirectoryClient, DirectoryError, DirectoryEvent, DirectoryEventError,
        DirectoryEventRequest, DirectoryPage, DirectoryRead, LocationReader, PermissionCheck, PersonKey,
        PersonNow,
    },
};

use super::{FileOptions, FileTarget, entities, walk};

/// People and groups from descriptors.
pub struct FileDirectory {
    options: FileOptions,
    reader: Arc<dyn LocationReader>,
}

impl FileDirectory {
    /// The directory. The reader must be one that may read the target, and no more than its folder or its host.
    #[must_use]
    pub fn new(options: FileOptions, reader: Arc<dyn LocationReader>) -> Self {
        Self { options, reader }
    }

    /// Everything. A file that changes while others are read shows as it was read; the next run mends it.
    async fn page(&self) -> Result<DirectoryPage, DirectoryError> {
        let found = walk::entities(&*self.reader, &self.options.target).await?;
        entities::page(&found, &self.options.namespace, &self.options.selection)
    }
}

#[async_trait]
impl DirectoryClient for FileDirectory {
    async fn read(&self, read: DirectoryRead) -> Result<DirectoryPage, DirectoryError> {
        match read {
            DirectoryRead::Full => self.page().await,
            DirectoryRead::Delta(_) | DirectoryRead::Page(_) => {
                Err(DirectoryError::Unsupported("files are read as a whole".to_owned()))
            }
        }
    }

    async fn person(&self, key: &PersonKey) -> Result<PersonNow, DirectoryError> {
        let page = self.page().await?;
        let is_meant = |person: &&portal_core::org::DirectoryPerson| match key {
            PersonKey::Subject(subject) => person.subject == *subject,
            PersonKey::Login(login) => person.login.eq_ignore_ascii_case(login),
        };
        let Some(person) = page.people.iter().find(is_meant) else { return Ok(PersonNow::Gone) };
        let member = Member::Person(person.subject.clone());
        let groups: Vec<GroupId> = page
            .memberships
            .iter()
            .filter(|membership| membership.member == member)
            .map(|membership| membership.group.clone())
            .collect();
        Ok(PersonNow::Known { person: Box::new(person.clone()), groups: Some(groups) })
    }

    fn event(&self, _: DirectoryEventRequest<'_>) -> Result<DirectoryEvent, DirectoryEventError> {
        Err(DirectoryEventError::NotConfigured)
    }

    async fn check(&self) -> Result<ConnectionReport, DirectoryError> {
        let page = self.page().await?;
        let active = page.people.iter().filter(|person| person.standing == Standing::Active).count();
        let place = match &self.options.target {
            FileTarget::Folder(path) => format!("the folder {}", path.display()),
            FileTarget::File(path) => format!("the file {}", path.display()),
            FileTarget::Url(url) => url.to_string(),
        };
        let counts = format!(
            "{active} people, {} left out, {} groups",
            page.people.len().saturating_sub(active),
            page.groups.len()
        );
        Ok(ConnectionReport {
            connected_as: place,
            permissions: vec![PermissionCheck {
                permission: format!("read every file and entity: {counts}"),
                granted: true,
                remedy: String::new(),
            }],
        })
    }
}
