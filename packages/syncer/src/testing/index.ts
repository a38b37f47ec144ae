export { type ComplianceCase, type ComplianceFleet, complianceCases } from './compliance.js';
