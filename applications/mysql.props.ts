import { describeApplications } from './describe-applications.ts'

await describeApplications('mysql')
