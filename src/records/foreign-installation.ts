/** The type of the failure with which a worker hands back a step of another installation. */
export const FOREIGN_INSTALLATION = 'ForeignInstallation';
